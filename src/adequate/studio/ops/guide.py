"""Operations of the studio: guide."""
