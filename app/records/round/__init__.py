"""巡察轮次: one round of inspection, under which everything else is kept."""
