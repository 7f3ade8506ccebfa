"""Operations of the studio: queues."""
