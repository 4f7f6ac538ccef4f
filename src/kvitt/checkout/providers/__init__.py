"""Those who move the money. A provider is a small Protocol; the sandbox is the test mode of every T account."""
