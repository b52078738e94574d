"""Those who are paid: marketplaces and their orders."""
