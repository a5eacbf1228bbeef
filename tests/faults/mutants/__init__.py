"""The guards of the protocol, removed one by one, and the tests that notice."""
