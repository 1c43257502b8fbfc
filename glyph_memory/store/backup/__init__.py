"""Copy a whole store into one file, check such a file, and make a store of it again, in SQLite or PostgreSQL."""

from glyph_memory.store.backup.backup import backup_store as backup_store
from glyph_memory.store.backup.file import BackupCheck as BackupCheck
from glyph_memory.store.backup.file import check_backup as check_backup
from glyph_memory.store.backup.restore import restore_store as restore_store
