"""Sockets, long polls and the wake-ups that both wait for."""
