"""Operations of the studio: spans."""
