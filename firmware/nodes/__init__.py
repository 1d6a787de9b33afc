"""What a controller is: a pit node that measures, or a pump node that switches a motor."""
