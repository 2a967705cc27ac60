/*
 * Starts Swagger UI for clerks: Chinese labels, a safe double click, versions and errors in plain words.
 * Swagger UI has no language option, so its labels are exchanged in the page (ZH and ZH_PATTERNS below);
 * text written by the server or the clerk is never touched (FOREIGN below). `?lang=en` keeps English.
 */
"use strict";
(() => {
  const english = new URLSearchParams(location.search).get("lang") === "en";
  document.documentElement.lang = english ? "en" : "zh-CN";
  const say = (zh, en) => (english ? en : zh);

  // ---------------------------------------------------------------------------------------------- words

  /** Swagger UI's labels: exact text (also of title, placeholder and aria-label) -> Chinese. */
  const ZH = {
    // page
    "Filter by tag or path": "筛选：输入任务、操作名称或地址中的几个字，如 销号",
    "Expand operation": "展开", "Collapse operation": "收起", "Copy to clipboard": "复制", "Copy path to clipboard": "复制地址",
    "Copy cURL command to clipboard": "复制命令", "Copy code to clipboard": "复制内容",
    "Copied": "已复制", "Copy": "复制", "Download": "下载", "Download file": "下载文件",
    "Servers": "服务器", "Server variables": "服务器变量", "Computed URL:": "实际地址：", "Schemes": "协议",
    "Terms of service": "使用条款", "Find more details": "更多说明", "External documentation": "外部文档",
    "Contact the developer": "联系开发者", "Schemas": "数据结构", "Models": "数据结构", "Webhooks": "事件推送",
    "Warning: Deprecated": "注意：已停用", "Deprecated:": "已停用：", "deprecated": "已停用",
    "No API definition provided.": "没有提供接口文件。", "Failed to load API definition.": "接口文件没有取到，请刷新页面或联系管理员。",
    "Failed to load remote configuration.": "页面配置没有取到。", "Loading...": "正在加载…",
    "No operations defined in spec!": "接口文件中没有任何操作。", "Unable to render this definition": "接口文件无法显示",
    "Errors": "错误", "Hide": "收起", "Show": "展开", "Unknown error": "未知错误",
    "Fetch error": "接口文件没有取到", "Resolver error": "接口文件有错", "Parser error": "接口文件读不懂",
    // authorization
    "Authorize": "登录授权", "Available authorizations": "登录授权", "Logout": "退出登录", "Close": "关闭",
    "Authorized": "已登录", "Apply credentials": "登录", "Apply given OAuth2 credentials": "登录",
    "Remove authorization": "退出登录", "authorization button locked": "已登录授权",
    "authorization button unlocked": "未登录授权", "Token URL:": "取令牌地址：", "Authorization URL:": "授权地址：",
    "OpenID Connect URL:": "OpenID Connect 地址：", "Flow:": "方式：", "Application:": "应用：",
    "username:": "用户名：", "Username:": "用户名：", "password:": "密码：", "Password:": "密码：",
    "Client credentials location:": "客户端凭据位置：", "Authorization header": "Authorization 头",
    "client_id:": "客户端编号（系统接入才填）：", "client_secret:": "客户端密钥（系统接入才填）：", "Scopes:": "权限范围：",
    "select all": "全选", "select none": "全不选", "Name:": "名称：", "In:": "位置：", "Value:": "值：",
    "Basic authorization": "基本认证", "Bearer authorization": "令牌认证",
    "(apiKey)": "(接口密钥)", "(http, Basic)": "(基本认证)", "(http, Bearer)": "(令牌认证)", "(mutualTLS)": "(双向证书)",
    "auth-bearer-value": "令牌", "auth-basic-username": "用户名", "auth-basic-password": "密码", "api_key_value": "接口密钥",
    "Scopes are used to grant an application different levels of access to data on behalf of the end user. Each API may declare one or more scopes.":
      "权限范围决定本次登录能办哪些事。",
    "API requires the following scopes. Select which ones you want to grant to Swagger UI.": "可选的权限范围：",
    "auth": "登录", "Auth": "登录",
    // filling in
    "Try it out": "填写", "Cancel": "取消填写", "Reset": "恢复初始内容", "Execute": "执行", "Clear": "清除结果",
    "Parameters": "参数", "Name": "名称", "Description": "说明", "No parameters": "没有参数", "required": "必填",
    "Request body": "填写内容", "Callbacks": "回调", "No callbacks": "没有回调",
    "Send empty value": "留空也发送", "Edit": "编辑",
    "Example": "示例", "Examples": "示例", "Examples:": "示例：", "Example Value": "示例", "Edit Value": "填写",
    "Example Description": "示例说明", "Default value": "默认值", "Available values": "可选值", "[Modified value]": "（已修改的内容）",
    "Value": "值", "Schema": "字段说明", "Model": "字段说明", "Type": "类型", "Field": "字段",
    "Media type": "内容格式", "Media Type": "内容格式", "Request content type": "填写内容的格式",
    "Response content type": "返回内容的格式", "Parameter content type": "参数内容的格式",
    "Please correct the following validation errors and try again.": "请先改正下面几处，再按“执行”：",
    // answers
    "Responses": "返回结果", "Response body": "返回内容", "Response headers": "返回头", "Server response": "本次结果",
    "Code": "状态", "Details": "内容", "Links": "关联操作", "No links": "无", "Curl": "命令行写法（供技术人员）",
    "Request URL": "请求地址", "Request duration": "用时", "Headers:": "返回头：", "Undocumented": "文档未列出",
    "Controls": "决定请求头", "header.": "。",
    "Unrecognized response type; displaying content as text.": "内容类型不认识，按文本显示。",
    "Unrecognized response type; unable to display.": "内容类型不认识，无法显示。", "(no example available)": "（没有示例）",
    "Download headers detected but your browser does not support downloading binary via XHR (Blob).": "这是文件，但浏览器不支持在此下载。",
    "Parameters:": "参数：",
    // the reader of schemas
    "Expand all": "全部展开", "Collapse all": "全部收起", "Title": "标题", "Enum": "可选值", "Enum:": "可选值：", "Default": "默认值",
    "Const": "固定值", "Items": "各项", "Any of": "任一种", "One of": "其中一种", "All of": "同时满足", "Not": "不得是",
    "Properties": "字段", "Additional properties": "其他字段", "Property names": "字段名", "Pattern properties": "按名称规则的字段",
    "Prefix items": "前几项", "Contains": "包含", "Discriminator": "区分字段", "Extensions": "扩展", "Required when defined": "填写后还须填",
    "maxLength": "最多字数", "minLength": "最少字数", "maximum": "最大", "minimum": "最小", "exclusiveMaximum": "须小于",
    "exclusiveMinimum": "须大于", "pattern": "格式", "maxItems": "最多项数", "minItems": "最少项数", "uniqueItems": "各项不重复",
    "multipleOf": "倍数", "format": "格式",
    "read-only": "只读", "write-only": "只写", "empty array": "空列表", "empty object": "空", "allowed": "允许", "forbidden": "不允许", "Skip to JSON Schema": "",
  };

  /** Labels with a changing part, tried in order when no exact label fits. */
  const ZH_PATTERNS = [
    [/^For '(.+?)'(?: at path '(.+?)')?: (.+?)\.?$/, (_, name, path, error) => `“${name}${path ? " › " + path : ""}”：${chinese(error)}`],
    [/^Required field is not provided$/, () => "必填，还没有填"],
    [/^Required property not found$/, () => "缺少必填的一项"],
    [/^No duplicates allowed\.?$/, () => "不能重复"],
    [/^Parameter string value must be valid JSON$/, () => "不是完整的 JSON"],
    [/^Value must be an? (\w+)$/, (_, type) => `应为${TYPES[type.toLowerCase()] || type}`],
    [/^Value must follow pattern (.+)$/, (_, pattern) => `格式不对，应符合 ${pattern}`],
    [/^Value must be greater than or equal to (.+)$/, (_, n) => `不能小于 ${n}`],
    [/^Value must be less than or equal to (.+)$/, (_, n) => `不能大于 ${n}`],
    [/^Value must be at least (\d+) characters?$/, (_, n) => `至少 ${n} 个字`],
    [/^Value must be no longer than (\d+) characters?$/, (_, n) => `最多 ${n} 个字`],
    [/^Array must contain at least (\d+) items?$/, (_, n) => `至少 ${n} 项`],
    [/^Array must not contain more then (\d+) items?$/, (_, n) => `最多 ${n} 项`],
  ];

  /** Labels that mean something else in one place. */
  const ZH_PLACES = [
    [".responses-inner h4", "Responses", "各种可能的返回"],
    [".parameter__in", "path", "地址中"], [".parameter__in", "query", "查询条件"], [".parameter__in", "header", "请求头"],
    [".prop-format", "($", "("], // of "($date)"
    [".json-schema-form-item-add", "Add", "增加一项"],
    [".json-schema-form-item-add", /./, ""], // the rest of "Add string item"
  ];

  const TYPES = {
    string: "文字", integer: "整数", number: "数字", boolean: "是或否", object: "一组字段", array: "多项", null: "空",
    any: "任意", never: "无", file: "文件", datetime: "日期时间", guid: "UUID", "date-time": "日期时间", date: "日期", binary: "文件",
    password: "密码",
  };

  /** A label in Chinese; text that is no label comes back as it was. */
  function chinese(text) {
    if (Object.hasOwn(ZH, text)) return ZH[text];
    for (const [pattern, write] of ZH_PATTERNS) {
      const found = pattern.exec(text);
      if (found) return write(...found);
    }
    return text;
  }

  /** A schema type such as `array<string> | null` in Chinese. */
  const chineseType = (text) =>
    text.replace(/[a-z]+(-[a-z]+)*/g, (word) => (Object.hasOwn(TYPES, word) ? TYPES[word] : word))
      .replace(/^(.+) \| \(\1 \| 空\)$/, "$1，可空").replace(/^\((.+) \| 空\)$/, "$1，可空");

  /** A schema limit such as `≤ 20 characters` in Chinese. */
  const chineseLimit = (text) =>
    (Object.hasOwn(TYPES, text) ? TYPES[text] : text)
      .replace(/^\[(.+), (.+)\]/, "$1–$2").replace(/ characters$/, " 个字").replace(/ items$/, " 项").replace(/ properties$/, " 个字段")
      .replace(/^unique items$/, "各项不重复").replace(/^matches /, "格式 ").replace(/^multiple of /, "倍数 ")
      .replace(/^media type: /, "类型 ").replace(/^encoding: /, "编码 ");

  // ----------------------------------------------------------------------------------------- translation

  /** Places whose text belongs to the server or the clerk. */
  const FOREIGN = [
    "pre:not(.errors-wrapper)", "code", "textarea", ".microlight", ".markdown", ".renderedMarkdown", ".notice",
    ".opblock-tag", ".opblock-summary-path", ".opblock-summary-description", ".opblock-description", ".opblock-summary-method",
    ".info h2.title", ".parameter__name", ".prop-name", ".headers td.header-col:not(:last-child)", ".scopes .checkbox",
    ".json-schema-2020-12__title", ".json-schema-2020-12__description", ".json-schema-2020-12-json-viewer",
    ".json-schema-2020-12-keyword__value", "option", ".table-container tbody td:not([class])", // the last: extensions
  ].join(",");
  /** Swagger UI's own words inside such places. */
  const OURS = [
    "#password_type option", ".opblock-title", ".examples-select option[value='__MODIFIED__VALUE__']",
    ".renderedMarkdown > p > i:first-child", // "Default value", "Available values", "Example"
    ".json-schema-2020-12-expand-deep-button", ".json-schema-2020-12__attribute--primary", ".json-schema-2020-12-keyword__name",
    ".json-schema-2020-12-keyword > .json-schema-2020-12-json-viewer__name",
    ".json-schema-2020-12-keyword > * > .json-schema-2020-12-json-viewer__name",
    ".json-schema-2020-12-keyword > * > * > .json-schema-2020-12-json-viewer__name",
  ].join(",");
  const TYPE_PLACES = ".parameter__type, .prop-type, .headers td.header-col:last-child, .json-schema-2020-12__attribute--primary";
  const ATTRIBUTES = ["title", "placeholder", "aria-label"];

  function translateText(node) {
    const text = node.nodeValue;
    const label = text.trim();
    const place = node.parentElement;
    if (!place || !/[a-zA-Z$]/.test(label)) return;
    if (place.closest(FOREIGN) && !place.matches(OURS)) return;
    const special = ZH_PLACES.find(([selector, word]) => place.matches(selector) && (word === label || (word.test && word.test(label))));
    let words = special ? special[2] : chinese(label);
    if (words === label && place.closest(TYPE_PLACES)) words = chineseType(label);
    if (words === label && place.closest(".json-schema-2020-12__constraint")) words = chineseLimit(label);
    if (words !== label) node.nodeValue = text.replace(label, () => words);
  }

  function translateAttributes(element) {
    for (const name of ATTRIBUTES) {
      const text = element.getAttribute(name);
      if (!text || (name === "placeholder" && !element.matches(".operation-filter-input"))) continue;
      const words = chinese(text);
      if (words !== text) element.setAttribute(name, words);
    }
  }

  function translateTree(root) {
    if (root.nodeType === Node.TEXT_NODE) return translateText(root);
    if (root.nodeType !== Node.ELEMENT_NODE) return undefined;
    // Answers can be megabytes of highlighted spans: leave such a tree without walking it.
    const answers = "pre:not(.errors-wrapper), textarea";
    if (root.closest(answers)) return undefined;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node.nodeType === Node.ELEMENT_NODE && node.matches(answers) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (let node = root; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) translateText(node);
      else translateAttributes(node);
    }
    return undefined;
  }

  /** Keep everything under `root` in Chinese; runs before the browser paints, so no English flashes up. */
  function translateForever(root) {
    translateTree(root);
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "childList") change.addedNodes.forEach(translateTree);
        else if (change.type === "attributes") translateAttributes(change.target);
        else translateText(change.target);
      }
    }).observe(root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
  }

  // -------------------------------------------------------------------------------------------- requests

  /** A random UUID; `crypto.randomUUID` exists on https and localhost only, an intranet is often plain http. */
  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  const headerName = (headers, name) => Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase());
  const header = (headers, name) => headers[headerName(headers, name)];

  const DOUBLE_CLICK_MS = 3000;
  const UNSETTLED = [408, 409]; // and 5xx: the first attempt may still be running
  const attempts = new Map(); // what is sent -> its key, until the server has certainly dealt with it

  function fingerprint(request) {
    const entry = ([name, value]) => [name, value instanceof File ? [value.name, value.size, value.lastModified] : value];
    const body = request.body instanceof FormData ? Array.from(request.body.entries(), entry) : request.body;
    return JSON.stringify([request.method, request.url, header(request.headers, "If-Match"), body]);
  }

  /**
   * A fresh key for each write. Sending the same thing again while the first has no answer (double click,
   * broken line) carries the same key: the server then answers with the first result and records nothing twice.
   */
  function addIdempotencyKey(request) {
    const print = fingerprint(request);
    const key = attempts.get(print) || uuid();
    attempts.set(print, key);
    request.headers["Idempotency-Key"] = key;
    const next = request.responseInterceptor;
    request.responseInterceptor = (response) => {
      if (response.ok) setTimeout(() => attempts.delete(print), DOUBLE_CLICK_MS);
      else if (response.status < 500 && !UNSETTLED.includes(response.status)) attempts.delete(print);
      return next ? next(response) : response;
    };
  }

  let loginRefusal = ""; // the server's own words for the last refused login

  function noteRefusal(request) {
    request.responseInterceptor = (response) => {
      const problem = response.ok ? null : parse(response.text);
      loginRefusal = String((problem && (problem.error_description || problem.detail)) || "");
      return response;
    };
  }

  function prepare(request) {
    if (!header(request.headers, "Accept-Language")) request.headers["Accept-Language"] = english ? "en" : "zh-CN";
    const method = (request.method || "GET").toUpperCase();
    const typeName = headerName(request.headers, "Content-Type") || "Content-Type";
    const type = request.headers[typeName] || "";
    // The token endpoint is no record: a stored answer to a login would be a stored token.
    if (type.startsWith("application/x-www-form-urlencoded")) {
      // Swagger UI sends ":" for a client that was not named; to a server that is a wrong client, not none.
      if (header(request.headers, "Authorization") === `Basic ${btoa(":")}`) delete request.headers[headerName(request.headers, "Authorization")];
      noteRefusal(request);
    } else if (method === "POST" || method === "PATCH") {
      if (method === "PATCH" && request.body && (!type || /^application\/json\b/.test(type))) {
        request.headers[typeName] = "application/merge-patch+json";
      }
      addIdempotencyKey(request);
    }
    return request;
  }

  // --------------------------------------------------------------------------------------------- answers

  function parse(text) {
    try {
      const value = JSON.parse(text);
      return value && typeof value === "object" ? value : null;
    } catch {
      return null;
    }
  }

  /** Where an error lies, for people: `#/items/0/name` -> `items › 第 1 项 › name`. */
  function whereabouts(error) {
    if (typeof error.pointer === "string") {
      const steps = error.pointer.replace(/^#/, "").split("/").slice(1);
      const names = steps.map((step) => {
        let name = step;
        try {
          name = decodeURIComponent(step);
        } catch {
          // A stray per cent sign: show it as it came.
        }
        name = name.replace(/~1/g, "/").replace(/~0/g, "~");
        return /^\d+$/.test(name) ? say(`第 ${Number(name) + 1} 项`, `item ${Number(name) + 1}`) : name;
      });
      return names.join(" › ") || say("填写内容", "request body");
    }
    const sheet = [["sheet", "表"], ["row", "行"], ["column", "列"], ["cell", "单元格"]]
      .filter(([key]) => error[key] !== undefined && error[key] !== null)
      .map(([key, zh]) => say(`${zh} ${error[key]}`, `${key} ${error[key]}`));
    return sheet.join("，") || String(error.parameter || error.header || "");
  }

  const STATUS_ZH = {
    400: "请求读不懂", 401: "没有登录或登录已过期", 403: "没有权限", 404: "找不到", 405: "此地址不支持这种操作", 409: "与现在的状态冲突",
    410: "已不存在", 412: "记录已有新版本", 413: "内容太大", 415: "内容格式不对", 422: "内容有误", 428: "缺少 If-Match（当前版本）",
    429: "操作太频繁", 500: "服务器内部错误", 502: "服务暂时连不上", 503: "服务暂时不可用", 504: "服务没有及时回答",
  };

  /** What the clerk should know of an answer; React writes strings as text, never as markup. */
  function Notice({ h, response }) {
    const headers = response.get("headers") ? response.get("headers").toJS() : {};
    const lines = [];
    const problem = /^application\/problem\+json/i.test(header(headers, "content-type") || "") && parse(response.get("text"));
    if (problem) {
      const errors = Array.isArray(problem.errors) ? problem.errors.filter((error) => error && typeof error === "object") : [];
      const title = problem.title || say(STATUS_ZH[problem.status] || "没有办成", "Not done");
      const trace = [problem.code, problem.instance].filter((part) => typeof part === "string").join(" · ");
      lines.push(h("div", { key: "problem", className: "notice notice-problem", role: "alert" },
        h("strong", { className: "notice-title" }, String(title)),
        problem.detail ? h("p", { className: "notice-detail" }, String(problem.detail)) : null,
        errors.length ? h("ul", { className: "notice-errors" }, errors.map((error, i) => h("li", { key: i },
          whereabouts(error) ? h("b", null, whereabouts(error)) : null,
          whereabouts(error) ? say("：", ": ") : "",
          String(error.message || error.detail || error.code || ""),
          Array.isArray(error.allowed) && error.allowed.length
            ? say("（可填：", " (allowed: ") + error.allowed.slice(0, 30).map(String).join(say("、", ", ")) + say("）", ")") : "",
        ))) : null,
        trace ? h("small", { className: "notice-trace" }, say("报修时请提供：", "Reference: ") + trace) : null));
    }
    if (/^true$/i.test(header(headers, "idempotency-replayed") || header(headers, "idempotent-replayed") || "")) {
      lines.push(h("p", { key: "replay", className: "notice notice-replay", role: "status" },
        say("这是同一次提交的结果，没有重复登记。", "This is the result of the same submission; nothing was recorded twice.")));
    }
    const etag = /^(?:W\/)?"([^"]*)"(?:$|,)/.exec(header(headers, "etag") || "");
    if (etag) {
      lines.push(h("p", { key: "version", className: "notice notice-version", role: "status" },
        say(`当前版本 ${etag[1]}（修改时在 If-Match 填 "${etag[1]}"）`, `Current version ${etag[1]} (to change it, put "${etag[1]}" in If-Match)`)));
    }
    return lines.length ? h("div", { className: "notices" }, lines) : null;
  }

  /** Swagger UI's own words for a failed call, replaced before they are shown. */
  function explain(error, method) {
    if (error.response) {
      const status = error.response.status;
      return `${STATUS_ZH[status] || "没有办成"}（状态 ${status}）`;
    }
    if (/failed to fetch|networkerror|load failed/i.test(error.message)) {
      const again = method === "get" ? "稍后再按一次“执行”。" : "内容不要改，稍后再按一次“执行”，不会重复登记。";
      return `没有收到服务器的回答：网络中断或服务停止。${again}`;
    }
    return error.message;
  }

  /** What the filter leaves: a group whose name has the words, or of a group the operations that have them. */
  function filtered(groups, phrase) {
    const words = phrase.trim().toLowerCase();
    const has = (text) => String(text || "").toLowerCase().includes(words);
    return groups
      .map((group, name) => (has(name) || has(group.getIn(["tagDetails", "description"])) ? group
        : group.set("operations", group.get("operations").filter((o) => has(o.get("path")) || has(o.getIn(["operation", "summary"]))))))
      .filter((group) => group.get("operations").size > 0);
  }

  /**
   * The groups, all drawn. From 150 lines on Swagger UI draws only what is in the window and guesses the rest: with a
   * few groups unfolded, the next click on a header moved the page and the header was gone.
   */
  function Operations({ h, specSelectors, getComponent, oas3Selectors, layoutSelectors, layoutActions, getConfigs }) {
    const groups = specSelectors.taggedOperations();
    if (!groups.size) return h("h3", null, say("没有符合筛选的操作。", "No operation matches the filter."));
    const [Group, Operation] = [getComponent("OperationTag"), getComponent("OperationContainer", true)];
    const found = groups.valueSeq().reduce((sum, group) => sum + group.get("operations").size, 0);
    const few = typeof layoutSelectors.currentFilter() === "string" && found <= 40; // what was looked for is shown at once
    const unfolding = { ...layoutSelectors, isShown: (key, open) => layoutSelectors.isShown(key, open || few) };
    const shared = { oas3Selectors, layoutSelectors: unfolding, layoutActions, getConfigs, getComponent, specUrl: specSelectors.url() };
    const drawn = (tag) => (op) => {
      const [path, method] = [op.get("path"), op.get("method")];
      return h(Operation, { key: `${path}-${method}`, specPath: op.get("specPath"), op, path, method, tag });
    };
    return h("div", null, groups.entrySeq().toArray().map(([tag, tagObj]) =>
      h(Group, { ...shared, key: tag, tag, tagObj },
        h("div", { className: "operation-tag-content" }, tagObj.get("operations").map(drawn(tag)).toArray()))));
  }

  /** With several ways to log in, Swagger UI focuses the last and scrolls the first out of sight. */
  function focusFirstField() {
    requestAnimationFrame(() => {
      const field = document.querySelector(".dialog-ux input");
      if (!field) return;
      field.focus();
      field.closest(".modal-ux-content").scrollTop = 0;
    });
  }

  /** Enter logs in: Swagger UI's fields stand in no form. */
  function submitOnEnter(event) {
    if (event.key !== "Enter" || !event.target.matches(".auth-container input")) return;
    const button = event.target.closest(".auth-container").querySelector("button.authorize");
    if (!button) return;
    event.preventDefault();
    button.click();
  }

  function clerkPlugin() {
    const wrapActions = (name, wrap) => ({ wrapActions: { [name]: wrap } });
    return {
      fn: { opsFilter: filtered },
      wrapComponents: {
        operations: (Original, { React: { createElement: h } }) => (props) => h(Operations, { ...props, h }),
        liveResponse: (Original, { React: { createElement: h } }) => (props) =>
          h("div", { className: "answer" }, h(Notice, { h, response: props.response }), h(Original, props)),
      },
      statePlugins: {
        auth: wrapActions("showDefinitions", (show) => (...definitions) => {
          focusFirstField();
          return show(...definitions);
        }),
        spec: english ? {} : wrapActions("setResponse", (set) => (path, method, result) => {
          if (!result.error || !result.err) return set(path, method, result);
          const { statusCode, response } = result.err;
          return set(path, method, { error: true, err: { name: "", message: explain(result.err, method), statusCode, response } });
        }),
        err: english ? {} : wrapActions("newAuthErr", (report) => (error) =>
          report({ ...error, level: "", message: `没有登录成功：${loginRefusal || "请核对用户名和密码，或检查网络。"}` })),
      },
    };
  }

  // ----------------------------------------------------------------------------------------------- start

  /** The page gives each write its key (addIdempotencyKey), so no clerk is asked for one. */
  function withoutKeys(spec) {
    for (const operation of Object.values((spec && spec.paths) || {}).flatMap(Object.values)) {
      if (operation.parameters) operation.parameters = operation.parameters.filter((one) => one.name !== "Idempotency-Key");
    }
    return spec;
  }

  /** Behind a proxy that strips a path prefix the document does not know it: the page's own address does. */
  function documentPlugin() {
    const prefix = new URL(".", document.baseURI).pathname.replace(/\/$/, "");
    const withServer = (spec) => (prefix && spec && !spec.servers ? { ...spec, servers: [{ url: prefix }] } : spec);
    const updateJsonSpec = (update) => (spec) => update(withServer(withoutKeys(spec)));
    return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
  }

  const HERE = /^#\/components\/([^/]+)\/([^/]+)/;

  /** The part of the document that tells what stands at `path`: its address or component, and all that these refer to. */
  function needed(spec, path) {
    const [section, name, inner] = path;
    if (!spec || !["paths", "components"].includes(section) || !spec[section]) return spec;
    const { securitySchemes = {}, [name]: kind = {} } = spec.components || {};
    const components = { securitySchemes };
    const paths = section === "paths" ? { [name]: spec.paths[name] } : {};
    if (section === "components" && name) components[name] = inner === undefined ? kind : { [inner]: kind[inner] };
    const left = [paths, components];
    while (left.length) {
      for (const value of Object.values(left.pop())) {
        if (value && typeof value === "object") left.push(value);
        const [, of, one] = (typeof value === "string" && HERE.exec(value)) || [];
        const found = of && spec.components[of] && spec.components[of][one];
        if (!found || (components[of] && Object.hasOwn(components[of], one))) continue;
        components[of] = { ...components[of], [one]: found };
        left.push(found);
      }
    }
    return { ...spec, paths, components };
  }

  /**
   * Swagger UI resolves the whole document at the start and again for each operation that is opened: more than a second
   * of a clerk's time for each. Given what the operation needs, it comes to the same in a twentieth of that.
   */
  function partsPlugin({ fn: { resolveSubtree } }) {
    return { fn: { resolveSubtree: (spec, path, options) => resolveSubtree(needed(spec, path), path, options) } };
  }

  const root = document.getElementById("swagger-ui");
  root.addEventListener("keydown", submitOnEnter);
  if (!english) translateForever(root);
  window.ui = SwaggerUIBundle({
    domNode: root,
    url: new URL("openapi.json", document.baseURI).pathname,
    plugins: [clerkPlugin, documentPlugin, partsPlugin],
    docExpansion: "none",
    tryItOutEnabled: true,
    filter: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: -1,
    defaultModelRendering: "example",
    persistAuthorization: false,
    requestSnippetsEnabled: false,
    validatorUrl: null,
    deepLinking: true,
    showExtensions: true,
    showCommonExtensions: true,
    requestInterceptor: prepare,
  });
})();
