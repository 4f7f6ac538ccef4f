"""What may be asked of the sandbox: pure decisions."""
