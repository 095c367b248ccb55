"""The coordinator's side: combines what partners send into published figures. Knows no partner's inside."""
