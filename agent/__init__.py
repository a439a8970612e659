"""One live conversation: filling arguments, calling, and the roles of the teacher."""
