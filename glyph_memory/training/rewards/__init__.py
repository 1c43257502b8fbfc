"""What a completion is worth: answers that can be checked, a judge, the format, pages read to the letter; and a mix."""

from glyph_memory.training.rewards.answers import AnswerReward as AnswerReward
from glyph_memory.training.rewards.answers import HowCompared as HowCompared
from glyph_memory.training.rewards.answers import ScorerReward as ScorerReward
from glyph_memory.training.rewards.answers import normalize_answer as normalize_answer
from glyph_memory.training.rewards.completion import Completion as Completion
from glyph_memory.training.rewards.completion import parse_completion as parse_completion
from glyph_memory.training.rewards.form import FormatReward as FormatReward
from glyph_memory.training.rewards.form import LengthPenalty as LengthPenalty
from glyph_memory.training.rewards.judge import JudgeReward as JudgeReward
from glyph_memory.training.rewards.mix import MixScore as MixScore
from glyph_memory.training.rewards.mix import RewardMix as RewardMix
from glyph_memory.training.rewards.names import REWARDS as REWARDS
from glyph_memory.training.rewards.names import parse_rewards as parse_rewards
from glyph_memory.training.rewards.ocr import OcrReward as OcrReward
from glyph_memory.training.rewards.reward import Reward as Reward
