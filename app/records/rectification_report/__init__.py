"""整改报告: what a unit reports of its rectification, opinion by opinion, and what the bodies say that examine it."""
