"""Migration projects: goals, milestones, risks, contingency, cost and benefit, plan and actual."""
