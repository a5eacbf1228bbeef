"""Messages over Telegram and WhatsApp."""
