"""What stands between the command and Terraform: the program, a target's places, a plan in words, the emulator."""
