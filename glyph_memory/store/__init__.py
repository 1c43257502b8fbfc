"""Keep conversations: turns as text, lossless, in SQLite or PostgreSQL; found, cited and erased by session."""

from glyph_memory.store.backup import BackupCheck as BackupCheck
from glyph_memory.store.backup import backup_store as backup_store
from glyph_memory.store.backup import check_backup as check_backup
from glyph_memory.store.backup import restore_store as restore_store
from glyph_memory.store.doctor import Finding as Finding
from glyph_memory.store.doctor import FindingKind as FindingKind
from glyph_memory.store.doctor import StoreCheck as StoreCheck
from glyph_memory.store.doctor import StoreRepair as StoreRepair
from glyph_memory.store.doctor import check_store as check_store
from glyph_memory.store.doctor import repair_store as repair_store
from glyph_memory.store.server_options import ServerOptions as ServerOptions
from glyph_memory.store.session_store import SessionStore as SessionStore
from glyph_memory.store.store import Store as Store
from glyph_memory.store.values import ConversationInfo as ConversationInfo
from glyph_memory.store.values import ConversationMark as ConversationMark
from glyph_memory.store.values import ExpiredSession as ExpiredSession
from glyph_memory.store.values import Hit as Hit
from glyph_memory.store.values import KnownIdentifier as KnownIdentifier
from glyph_memory.store.values import SealReader as SealReader
from glyph_memory.store.values import SealRecord as SealRecord
from glyph_memory.store.values import SessionInfo as SessionInfo
from glyph_memory.store.values import SessionState as SessionState
