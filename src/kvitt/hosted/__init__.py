"""The customer's payment page: rendered whole by the server, then brought to life by a little JavaScript.

The page knows a session only as the customer may see it, and talks to the checkout with the same JSON as everybody.
It asks no third party for anything, stores nothing in the browser, and keeps card fields out of every URL.
The simulated banks and apps of test accounts look like it and are held to the same rules.
"""
