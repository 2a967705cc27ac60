"""The content of attachments: received and handed out as a stream, kept in a directory outside of the database."""
