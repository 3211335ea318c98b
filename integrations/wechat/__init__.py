"""The WeChat official account: a door, and a channel that carries what is told later."""
