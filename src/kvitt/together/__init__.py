"""Where the order service and the checkout meet: an order's sessions. Neither of the two knows the other."""
