"""Files on FTP servers."""
