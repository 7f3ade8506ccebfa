"""Operations of the studio: comments."""
