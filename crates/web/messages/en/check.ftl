# The check before a lesson

check-retry = Retry
check-devices = Devices in use
check-preview = The picture of this classroom
check-no-picture = No picture

js-check-start = Start the lesson
js-check-start-watching = Watch the lesson
js-check-role-supporting = Supporting classroom
js-check-role-receiving = Receiving classroom
js-check-role-observer = Observer
js-check-role-inspector = Inspector

js-check-name-camera = Camera
js-check-name-microphone = Microphone
js-check-name-speaker = Speaker
js-check-name-way = Connection
js-check-name-rate = Speed
js-check-name-delay = Delay
js-check-list-comma = {", "}
js-check-no-choice = Nothing to choose from

js-check-state-busy = Checking
js-check-state-ok = Good
js-check-state-warn = Note
js-check-state-bad = Problem

js-check-waiting = About to begin
js-check-opening = Opening
js-check-measuring = Measuring
js-check-asking = Choose "Allow" where the browser asks
js-check-touch = Press any key, or touch the screen, to test the sound

js-check-verdict-busy = Checking this classroom…
js-check-verdict-speak = Please say a few words
js-check-verdict-ok = All is well. You can start
js-check-verdict-ok-watching = All is well. You can watch
js-check-verdict-warn = You can start. Note: { $items }
js-check-verdict-warn-watching = You can watch. Note: { $items }
js-check-verdict-bad-way = No connection. See "Connection" first
js-check-verdict-bad-browser = Please use another browser: Chrome or Edge
js-check-verdict-bad-both = Nobody sees or hears this room: watch and listen only
js-check-verdict-bad-camera = This room is heard, but not seen
js-check-verdict-bad-microphone = Nobody hears this room. See "Microphone"
js-check-verdict-bad-rate = The network is too slow: the lesson will break up
js-check-verdict-starting = Entering the classroom…
js-check-verdict-allow = Choose "Allow" where the browser asks. Press again to enter without picture and sound

js-check-insecure = The address is not https: the browser refuses
js-check-insecure-next = Use a lesson link that begins with https://, or ask your administrator for one
js-check-denied-next = Press "Retry" and choose "Allow" where the browser asks
js-check-blocked-next-firefox = Click the crossed-out icon at the left of the address bar, clear "Blocked", then "Retry"
js-check-system-next-windows = In Windows Settings, Privacy, let apps use camera and microphone, then "Retry"
js-check-system-next-mac = In System Settings, Privacy & Security, allow this browser, then "Retry"
js-check-system-next = Ask your administrator to allow the browser in the system's settings, then "Retry"
js-check-failed-next = Unplug it, plug it in, press "Retry"; if that does not help, restart the computer

js-check-camera-looking = Looking at the picture
js-check-camera-ok = Good picture ({ $width }×{ $height }, { $fps } fps)
js-check-camera-none = The camera is on, but no picture comes
js-check-camera-none-next = Unplug it and plug it in, or choose another camera on the left
js-check-camera-dark = The picture is black
js-check-camera-dark-next = Open the lens cover, or switch the light on
js-check-camera-frozen = The picture does not move
js-check-camera-frozen-next = Unplug it and plug it in, or choose another camera on the left
js-check-camera-slow = The picture is jerky: only { $fps } fps
js-check-camera-slow-next = Switch the light on first: darkness does this. Otherwise try another USB socket
js-check-camera-small = The picture is not very sharp ({ $width }×{ $height })
js-check-camera-small-next = You can start. If there is a better camera, choose it on the left
js-check-camera-missing = No camera was found
js-check-camera-missing-next = Plug the camera in; it is then checked by itself
js-check-camera-denied = The browser may not use the camera
js-check-camera-blocked-next = Click the camera icon in the address bar, choose "Always allow", then "Retry"
js-check-camera-system = The system refuses the camera
js-check-camera-taken = Another program is using the camera
js-check-camera-taken-next = Close meeting, streaming or recording programs, then "Retry"
js-check-camera-failed = The camera cannot be opened

js-check-microphone-listening = Please say a few words
js-check-microphone-ok = Your voice is heard well
js-check-microphone-silent = The microphone is silent
js-check-microphone-silent-next = Look at its switch and its plug, or choose another microphone on the left
js-check-microphone-unheard = You have not been heard yet
js-check-microphone-unheard-next = Go near and speak up; if that does not help, choose another microphone on the left
js-check-microphone-faint = Too quiet for the other side
js-check-microphone-faint-next = Go nearer, or turn the microphone's volume up
js-check-microphone-noisy = The room is too noisy for the other side
js-check-microphone-noisy-next = Close doors and windows, stop fans, or go nearer
js-check-microphone-loud = Too loud: the other side hears it distorted
js-check-microphone-loud-next = Go farther away, or turn the microphone's volume down
js-check-microphone-unchecked = The microphone is on, but cannot be tested
js-check-microphone-unchecked-next = You can start. See "Speaker" first
js-check-microphone-missing = No microphone was found
js-check-microphone-missing-next = Plug the microphone in; it is then checked by itself
js-check-microphone-denied = The browser may not use the microphone
js-check-microphone-blocked-next = Click the microphone icon in the address bar, choose "Always allow", then "Retry"
js-check-microphone-system = The system refuses the microphone
js-check-microphone-taken = Another program is using the microphone
js-check-microphone-taken-next = Close meeting, streaming or recording programs, then "Retry"
js-check-microphone-failed = The microphone cannot be opened

js-check-speaker-playing = Playing three test tones
js-check-speaker-ok = The microphone hears the speaker
js-check-speaker-unheard = The test tones were not heard
js-check-speaker-unheard-next = Fine if you heard them; if not, switch the speakers on and turn them up
js-check-speaker-loud = Too loud: the other side will hear an echo
js-check-speaker-loud-next = Turn it down, or move the microphone away from it
js-check-speaker-none = This computer plays no sound
js-check-speaker-none-next = Plug in speakers or a headset, then "Retry"
js-check-speaker-alone = Test tones were played; no microphone heard them
js-check-speaker-alone-next = Fine if you heard them; if not, switch the speakers on and turn them up

js-check-way-ok = Connected, by the fastest way
js-check-way-tcp = Connected, by the slower way (TCP)
js-check-way-tcp-next = You can start. The network blocks UDP; a smoother lesson needs it allowed
js-check-way-none = Sound and picture do not get through
js-check-way-none-next = Ask the network administrator to allow UDP and TCP to the server; in a hurry, try a phone's hotspot
js-check-way-silent = The server does not answer
js-check-way-silent-next = Look at the cable or Wi-Fi; if other pages open, call your administrator
js-check-way-refused = The server refused the connection
js-check-way-refused-next = Press "Retry"; if that does not help, ask your administrator for a new lesson link
js-check-way-no-webrtc = This browser cannot hold a lesson
js-check-way-no-webrtc-next = Open the link with a recent Chrome, Edge or Firefox
js-check-way-no-h264 = This browser lacks H.264: no picture
js-check-way-no-h264-next = Use Chrome or Edge; Firefox fetches it by itself in some minutes online, then reload

js-check-rate-ok = Enough ({ $down } down, { $up } up, Mbit/s)
js-check-rate-ok-watching = Enough ({ $down } Mbit/s)
js-check-rate-narrow = Slow: smaller pictures ({ $down } down, { $up } up, Mbit/s)
js-check-rate-narrow-watching = Slow: smaller pictures ({ $down } Mbit/s)
js-check-rate-too-narrow = Too slow: pictures will stop ({ $down } down, { $up } up, Mbit/s)
js-check-rate-too-narrow-watching = Too slow: pictures will stop ({ $down } Mbit/s)
js-check-rate-next = Use a cable rather than Wi-Fi; stop downloads and videos on other computers
js-check-rate-busy = Not measured: the server is busy
js-check-rate-busy-next = You can start; to know the speed, press "Retry" later
js-check-rate-none = The speed could not be measured
js-check-rate-none-next = Press "Retry"; if that does not help, see "Connection" first

js-check-delay-ok = Hardly any ({ $ms } ms there and back)
js-check-delay-noticeable = Some ({ $ms } ms there and back)
js-check-delay-high = Long ({ $ms } ms there and back)
js-check-delay-next = Use a cable rather than Wi-Fi; stop downloads and videos on other computers
js-check-delay-none = The delay could not be measured
js-check-delay-none-next = Press "Retry"; if that does not help, see "Connection" first
