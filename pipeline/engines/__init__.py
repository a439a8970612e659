"""Where items are made: in this process, or in others. Plans, order and files stay with the one process that began."""
