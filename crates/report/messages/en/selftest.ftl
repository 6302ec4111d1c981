# What a self-test is doing, and what has changed since the ones before

progress-line = { $doing } ({ $left } s; { $whole } s in all)
volume-line = { $doing }: this takes up to { $mb } MB of data.
doing-reach = Looking for the relay
doing-camera = Watching the camera
doing-microphone = Listening to the microphone: please speak a few sentences
doing-loudspeaker = Playing chirps: please be quiet
doing-encoder = Encoding pictures
doing-idle-line = Watching the idle line
doing-marks = Looking what becomes of DSCP
doing-path-mtu = Looking for the largest packet
doing-nat = Looking what the NAT does
doing-capacity = Measuring how much the line carries
doing-loaded-line = Measuring delay under load
doing-call = Calling itself through the relay
form-trend = Trend
form-history = Earlier self-tests
trend-worse = Worse: { $name } ({ $place }) is { $now } now; the median of the last { $n } tests is { $before }.
trend-better = Better: { $name } ({ $place }) is { $now } now; the median of the last { $n } tests is { $before }.
trend-steady = No clear change against the last { $n } tests.
trend-too-few = { $n } earlier tests are there; a trend needs { $least }.
