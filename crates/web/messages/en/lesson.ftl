lesson-title = Tongke classroom
lesson-no-script = Scripts (JavaScript) are switched off in this browser. Switch them on, or use another browser.
