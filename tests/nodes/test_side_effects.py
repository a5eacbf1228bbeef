from __future__ import annotations

from casare_rpa.engine.envelopes import acts_outside
from casare_rpa.nodes.base import Node
from tests.nodes.test_docs import CLASSES

ACTING = {
    *("AppendFileNode", "CopyFileNode", "CreateDirectoryNode", "DeleteFileNode"),
    *("FileSystemSuperNode", "MoveFileNode", "StructuredDataSuperNode", "UnzipFilesNode"),
    *("WriteCSVNode", "WriteFileNode", "WriteJSONFileNode", "WriteXMLFileNode", "ZipFilesNode"),
    *("DeleteEmailNode", "EmailSuperNode", "MarkEmailNode", "MoveEmailNode"),
    *("ReadEmailsNode", "SaveAttachmentNode", "SendEmailNode"),
    *("FTPDeleteNode", "FTPDownloadNode", "FTPMakeDirNode", "FTPRemoveDirNode"),
    *("FTPRenameNode", "FTPUploadNode"),
    *("HttpDownloadFileNode", "HttpRequestNode", "HttpSuperNode", "HttpUploadFileNode"),
    *("RunBatchScriptNode", "RunJavaScriptNode", "RunPythonFileNode", "RunPythonScriptNode"),
    *("EnvironmentVariableNode", "LogToFileNode", "ProcessKillNode", "RunCommandNode"),
    *("ExtractPDFPagesNode", "MergePDFsNode", "PDFToImagesNode", "SplitPDFNode"),
    *("ImageConvertNode", "QRCodeNode"),
    *("DatabaseSuperNode", "ExecuteBatchNode", "ExecuteNonQueryNode"),
    *("BrowserAlertHandleNode", "BrowserEvaluateNode", "BrowserRunScriptNode", "ClickElementNode"),
    *("CookieManagementNode", "DownloadFileNode", "FormFillerNode", "ImageClickNode"),
    *("PressKeyNode", "RefreshPageNode", "ScreenshotNode", "SelectDropdownNode", "TypeTextNode"),
    *("CloseApplicationNode", "DragMouseNode", "LaunchApplicationNode", "MouseClickNode"),
    *("SendHotKeyNode", "SendKeysNode"),
    *("CallSubworkflowNode", "ExecuteWorkflowNode", "SubflowNode", "WebhookNotifyNode"),
}


def test_these_nodes_act_on_the_outside_world_and_no_others() -> None:
    """A new node that writes, sends or starts something belongs here, and says so itself."""
    assert {cls.type for cls in CLASSES if cls.side_effect} == ACTING


def test_an_alias_acts_as_its_node_does() -> None:
    for name, cls in Node.registry.items():
        assert acts_outside(name) == cls.side_effect
    assert not acts_outside("NodeOfTomorrow")
