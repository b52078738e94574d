"""What can be seen of a run: events, traces and the summary made from them."""
