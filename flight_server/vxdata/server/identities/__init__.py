"""Who calls: credentials are told apart by authenticators, and the gate lets in whom the role allows."""
