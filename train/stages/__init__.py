"""The four stages of training, in the order in which each can use what the ones before it made."""
