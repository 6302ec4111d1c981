home-title = Tongke
home-what = Two or three schools have one lesson together: one gives it, the others see, hear and answer.
home-how = Open the classroom with the link that the teacher was given. Without a link, ask your school's administrator.
home-other-language = 中文
home-other-language-tag = zh-CN

not-found-title = There is no such classroom
not-found-why = The address is incomplete, or has a wrong character in it.
not-found-next = Copy the whole link of the lesson and open it again.
