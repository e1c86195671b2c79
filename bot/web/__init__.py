"""What is reached over HTTP: health, metrics, webhook, WebSub callback."""
