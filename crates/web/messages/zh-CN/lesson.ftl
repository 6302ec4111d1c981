lesson-title = 同课教室
lesson-no-script = 这个浏览器关闭了脚本（JavaScript）。请打开它，或换一个浏览器。
