"""What every part stands on: errors, commands, events, numbers, states, bulk loading, screens."""
