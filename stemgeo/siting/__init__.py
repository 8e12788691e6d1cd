"""Where the next academies go: exact choices, and how good any choice can be."""
