"""What the control side and hosts say to each other: frozen dataclasses and one codec, standard library only."""
