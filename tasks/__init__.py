"""The graded notebooks, one module each: tasks, solutions, and the wrong answers that people give. `form` turns them into notebooks."""
