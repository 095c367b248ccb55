"""The thin line through the whole house: from three partners' files to a release that an officer can verify."""
