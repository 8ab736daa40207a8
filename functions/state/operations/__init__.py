"""Operations: acceptance, moves, timeline, retention."""
