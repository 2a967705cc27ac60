"""Sentences about the database: what is wrong with it, and not with the request. None says whether anything was saved.

Where a write was refused, the edge says beside the sentence whether it was saved (app/http/problems.py).
"""

from app.sentences import MEMBER, Sentence, sentence

SENTENCES: tuple[Sentence, ...] = (
    sentence("nothing_saved", MEMBER, "没有保存。", "", "Nothing was saved.", ""),
    sentence("maybe_saved", MEMBER, "是否已保存不能确定，请先查看。", "", "Whether it was saved is not certain: look first.", ""),
    sentence("outcome_unknown", 503, "与数据库的连接在保存时中断，是否已保存不能确定。", "请以同一个 Idempotency-Key 重发（不会重复登记）；没有用的，请先查看记录，再决定是否重做。", "The connection to the database was lost while saving: whether it was saved is not known.", "Send it again with the same Idempotency-Key (nothing is doubled); without one, look at the record before you repeat it."),
    sentence("database_unreachable", 503, "暂时连不上数据库。", "请稍后重试；一直如此的，请系统管理员检查数据库是否在运行。", "The database cannot be reached just now.", "Try again shortly; if it lasts, the administrator checks that the database runs."),
    sentence("database_stopping", 503, "数据库正在停止或启动。", "请稍后重试。", "The database is stopping or starting.", "Try again shortly."),
    sentence("database_read_only", 503, "数据库现在只能读，不能写（备机，或被设为只读）。", "查阅不受影响；办理请稍后重试；一直如此的，请系统管理员检查主库。", "The database can be read and not written now (a standby, or set read-only).", "Reading goes on; try again shortly; if it lasts, the administrator checks the primary."),
    sentence("disk_full", 503, "服务器磁盘已满。", "查阅不受影响；请系统管理员腾出空间，之后自行恢复，不必重启。", "The server's disk is full.", "Reading goes on; the administrator makes room, and writing goes on without a restart."),
    sentence("out_of_memory", 503, "数据库内存不足。", "请稍后重试；一直如此的，请系统管理员增加内存或减少并发。", "The database is out of memory.", "Try again shortly; if it lasts, the administrator adds memory or takes work away."),
    sentence("too_many_connections", 503, "数据库的连接已用完。", "请稍后重试；一直如此的，请系统管理员调大 max_connections，或调小 LEDGER_POOL_SIZE。", "The database has no connection left.", "Try again shortly; if it lasts, the administrator raises max_connections or lowers LEDGER_POOL_SIZE."),
    sentence("took_too_long", 503, "数据库办理这项请求用时过长，已中止。", "请稍后重试，或缩小范围。", "The database took too long over this request and ended it.", "Try again shortly, or ask for less."),
    sentence("database_damaged", 503, "数据库读写数据文件时出错。", "请系统管理员查看数据库日志，检查磁盘；必要时由备份恢复。", "The database failed to read or write its files.", "The administrator looks at its log and checks the disk, and restores a backup if need be."),
    sentence("access_log_failing", 503, "访问日志写不进去，按规定不予查看。", "请系统管理员检查访问日志表的权限和存储。", "The access log cannot be written, and what must be logged is not shown.", "The administrator checks the grants and the storage of the access log."),
    sentence("task_not_running", 503, "后台任务 {task} 没有运行，正在重新启动。", "请稍后再试；一直如此的，请系统管理员查看服务日志。", "The background task {task} is not running and is being started again.", "Try again shortly; if it lasts, the administrator looks at the log of the service.", task="imports"),
    sentence("schema_changed", 503, "数据库结构已经换成别的版本。", "请系统管理员以同一版本重新启动服务。", "The schema of the database is of another version now.", "The administrator starts the service anew, in that version."),
    sentence("key_missing", 503, "打开签发令牌密钥的密钥不在 secret-key（或 LEDGER_SECRET_KEY）中。", "请系统管理员把更换后的密钥放到这台服务器上。", "The key that opens the token key is not in secret-key (or LEDGER_SECRET_KEY).", "The administrator puts the key that was rotated to on this server."),
)  # fmt: skip
