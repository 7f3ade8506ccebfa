r"""Routes of the studio, one screen a file; each file has a \`router\`."""
