"""Operations of the studio: schema."""
