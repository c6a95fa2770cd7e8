"""Who a member says to be, in one spelling, and how much two such sayings prove. Pure."""
