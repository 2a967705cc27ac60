"""问题类别: what a round is targeted at (重点), and what its findings are fed back under (反馈)."""
