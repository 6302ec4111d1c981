// The page of a lesson begins here.
