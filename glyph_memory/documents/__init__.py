"""Documents of any format: files, addresses and folders as text with its structure, and as pages.

`load` reads one, `load_tree` a folder; `draw_pages` draws them, `draw_tree` draws many into one folder, `open_shards`
on many machines; `export_lance` makes a dataset of those. `Builder` makes a document of your own. To add a format, see
`formats`: one module and one entry.
`read_document` and `open_text` read text alone, letter for letter.
"""

from glyph_memory.document import Block as Block
from glyph_memory.document import BlockKind as BlockKind
from glyph_memory.document import Defect as Defect
from glyph_memory.document import DefectKind as DefectKind
from glyph_memory.document import Document as Document
from glyph_memory.document import Merge as Merge
from glyph_memory.document import Picture as Picture
from glyph_memory.document import SourceSpan as SourceSpan
from glyph_memory.document import Span as Span
from glyph_memory.document import SpanKind as SpanKind
from glyph_memory.document import Table as Table
from glyph_memory.documents.builder import Builder as Builder
from glyph_memory.documents.bulk import BulkFailure as BulkFailure
from glyph_memory.documents.bulk import BulkReport as BulkReport
from glyph_memory.documents.bulk import SourceList as SourceList
from glyph_memory.documents.bulk import draw_tree as draw_tree
from glyph_memory.documents.bulk import find_sources as find_sources
from glyph_memory.documents.drawing import DocumentPage as DocumentPage
from glyph_memory.documents.drawing import draw_pages as draw_pages
from glyph_memory.documents.exporting import LanceReport as LanceReport
from glyph_memory.documents.exporting import export_lance as export_lance
from glyph_memory.documents.files import open_text as open_text
from glyph_memory.documents.files import read_document as read_document
from glyph_memory.documents.fitting import DoesNotFit as DoesNotFit
from glyph_memory.documents.fitting import Fit as Fit
from glyph_memory.documents.fitting import Rung as Rung
from glyph_memory.documents.fitting import fit as fit
from glyph_memory.documents.inline import Inline as Inline
from glyph_memory.documents.inline import Run as Run
from glyph_memory.documents.ladder import make_ladder as make_ladder
from glyph_memory.documents.loader import Loadable as Loadable
from glyph_memory.documents.loader import LoadFields as LoadFields
from glyph_memory.documents.loader import aload as aload
from glyph_memory.documents.loader import load as load
from glyph_memory.documents.native import NativePlan as NativePlan
from glyph_memory.documents.options import Limits as Limits
from glyph_memory.documents.options import LoadOptions as LoadOptions
from glyph_memory.documents.page_run import PageRun as PageRun
from glyph_memory.documents.recipe import PageRecipe as PageRecipe
from glyph_memory.documents.shards import Shard as Shard
from glyph_memory.documents.shards import ShardDrawer as ShardDrawer
from glyph_memory.documents.shards import ShardReport as ShardReport
from glyph_memory.documents.shards import ShardResult as ShardResult
from glyph_memory.documents.shards import ShardRun as ShardRun
from glyph_memory.documents.shards import open_shards as open_shards
from glyph_memory.documents.source import STDIN as STDIN
from glyph_memory.documents.source import ByteStream as ByteStream
from glyph_memory.documents.tree import TreeDocuments as TreeDocuments
from glyph_memory.documents.tree import TreeFault as TreeFault
from glyph_memory.documents.tree import TreeFiles as TreeFiles
from glyph_memory.documents.tree import find_files as find_files
from glyph_memory.documents.tree import load_tree as load_tree
from glyph_memory.documents.ways import PageWay as PageWay
from glyph_memory.documents.ways import Way as Way
from glyph_memory.documents.ways import choose_ways as choose_ways
