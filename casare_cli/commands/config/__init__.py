"""See and change settings: what each is, and which file or variable says so."""
