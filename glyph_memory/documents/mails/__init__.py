"""E-mail: headers, bodies and attachments, as the standard library's `email` takes them apart.

`formats/mail.py` is the format; here is what its words mean. Knows MIME; knows nothing about pages.
"""
