home-title = 同课
home-what = 两三所学校同上一堂课：支援学校讲课，受援学校看得见、听得清、能回答。
home-how = 请用老师收到的课堂链接打开教室。没有链接，请找本校的管理员。
home-other-language = English
home-other-language-tag = en

not-found-title = 没有这间教室
not-found-why = 这个地址不完整，或者有写错的字符。
not-found-next = 请把收到的课堂链接整条复制过来，再打开一次。
