"""Operations of the studio: answers."""
