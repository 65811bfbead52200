"""What holds a domain back: two looks at it and its neighbours, and what follows from the difference."""
