"""HTTP requests, downloads, uploads, and what prepares or reads them."""
